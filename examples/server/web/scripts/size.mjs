// Fails when the script of the first screen is more than the budget. The first screen is what index.html names,
// with everything those files import statically; what is imported on demand does not count.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budget = 250 * 1024;
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const assets = join(dist, 'assets');

function scriptsOfFirstScreen() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const waiting = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map((match) => match[1]);
  const found = new Set();
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (found.has(file)) continue;
    found.add(file);
    const source = readFileSync(join(dist, file), 'utf8');
    for (const match of source.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
      waiting.push(`assets/${match[1]}`);
    }
  }
  return found;
}

function compressedSize(file) {
  return gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
}

const first = scriptsOfFirstScreen();
let total = 0;
for (const file of readdirSync(assets).sort()) {
  const path = `assets/${file}`;
  const size = compressedSize(path);
  const counted = first.has(path) ? 'first screen' : file.endsWith('.js') ? 'on demand' : 'style';
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB  ${counted.padEnd(12)}  ${path}`);
}
for (const file of first) total += compressedSize(file);

console.log(
  `${(total / 1024).toFixed(1).padStart(7)} KiB  of ${budget / 1024} KiB of compressed script for the first screen`,
);
if (total > budget) {
  console.error('The first screen is over its budget.');
  process.exit(1);
}
