/** The WebAssembly module of the CSV kernel as bytes. */
export function compileKernel(): Promise<Uint8Array>;
/** The WebAssembly module of the column kernel as bytes. */
export function compileColumnKernel(): Promise<Uint8Array>;
/** The WebAssembly module of the line kernel as bytes. */
export function compileLineKernel(): Promise<Uint8Array>;
/** The WebAssembly module that decompresses Snappy as bytes. */
export function compileSnappy(): Promise<Uint8Array>;
