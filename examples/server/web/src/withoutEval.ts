/**
 * The SDK checks each chunk with zod, which would otherwise compile its checks with `new Function`. The content security
 * policy forbids that, and even trying is reported. The first schema is made while modules load, so this must load first.
 */
import { config } from 'zod/v4/core';

config({ jitless: true });
