import { InterruptedError } from '../errors.ts';

/** Something that can be told to stop. */
export interface Stop extends Disposable {
  /** Aborted, with an InterruptedError, when the user or the system asks the program to end. */
  readonly signal: AbortSignal;
}

/** Hears Ctrl-C and SIGTERM once; the second one ends the program as it always does. */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  const heard: readonly Deno.Signal[] = Deno.build.os === 'windows' ? ['SIGINT'] : ['SIGINT', 'SIGTERM'];
  const ignore = () => {
    for (const name of heard) Deno.removeSignalListener(name, onSignal);
  };
  const onSignal = () => {
    ignore();
    controller.abort(new InterruptedError());
  };
  for (const name of heard) Deno.addSignalListener(name, onSignal);
  return { signal: controller.signal, [Symbol.dispose]: ignore };
}

/** Hears the signals that this system has. */
export function hearSignals(handlers: Readonly<Partial<Record<Deno.Signal, () => void>>>): Disposable {
  const heard = Object.entries(handlers).filter(([name]) => Deno.build.os !== 'windows' || name === 'SIGINT') as [
    Deno.Signal,
    () => void,
  ][];
  for (const [name, handler] of heard) Deno.addSignalListener(name, handler);
  return {
    [Symbol.dispose]: () => {
      for (const [name, handler] of heard) Deno.removeSignalListener(name, handler);
    },
  };
}
