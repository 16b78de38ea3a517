/** Writing may take hours: this often a share cycle comes between, so that a photo that was locked does not stay shared. */
export const SLICE_MS = 300_000;

/** A signal that is aborted after so many milliseconds, unless it is disposed of before. */
export function abortAfter(milliseconds: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error('the time for write-back is over')),
    Math.max(milliseconds, 0),
  );
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
