/** The WebAssembly module as bytes. */
export function compileKernel(): Promise<Uint8Array>;
