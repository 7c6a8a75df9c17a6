use scorpio_core::tool;

/// Constant.
#[tool]
const fn constant() -> u8 {
    1
}

/// Unsafe.
#[tool]
unsafe fn dangerous() -> u8 {
    1
}

/// For others.
#[tool]
extern "C" fn foreign() -> u8 {
    1
}

fn main() {}
