/** WebAssembly modules that are kept as text in base64, which every runtime and bundler loads as it loads any other code. */

/**
 * Compiles a module.
 *
 * @param base64 Its bytes. Decoded in a loop: `Uint8Array.from` with a function takes four times as long (measured, Node 20),
 *   on every thread.
 * @throws Whatever the runtime throws that cannot compile, or forbids it (a page whose content security policy has no
 *   `wasm-unsafe-eval`).
 * @example
 * compileWasm("AGFzbQEAAAA=") instanceof WebAssembly.Module; // true
 */
export function compileWasm(base64: string): WebAssembly.Module {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new WebAssembly.Module(bytes);
}

/**
 * A memory that never moves, or undefined where the process may not have it: V8 sets aside gigabytes of addresses for each,
 * more than a limit on addresses (`ulimit -v`) may leave.
 *
 * @param pages 64 KiB each, at most 65,536.
 * @example
 * fixedMemory(1)?.buffer.byteLength; // 65536
 */
export function fixedMemory(pages: number): WebAssembly.Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
}
