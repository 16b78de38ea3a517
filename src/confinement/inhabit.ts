import type { Answer, Order, Question, Renewal, Report } from './messages.ts';

/** Asks whether the configuration now names something that this engine may not touch, so that another one has to take its place. */
export type MustGiveWay = () => Promise<boolean>;

/** The other side of a worker, which this module is loaded in. */
const door = globalThis as unknown as Worker;

/** What this part of the program is; undefined where it begins. */
export function roleHere(): 'planner' | 'engine' | undefined {
  return 'WorkerGlobalScope' in globalThis ? globalThis.name as 'planner' | 'engine' : undefined;
}

/** Answers one question. What `work` throws, Deno prints. */
export function bePlanner(work: (question: Question) => Promise<Answer>): void {
  onNextMessage(async (question: Question) => {
    await replaceEnvironment({});
    door.postMessage(await work(question));
  });
}

export function beEngine(work: (order: Order, mustGiveWay: MustGiveWay) => Promise<number>): void {
  onNextMessage(async (order: Order) => {
    await replaceEnvironment(order.env);
    tell({ exitCode: await work(order, mustGiveWay) });
  });
}

/** Packages ask for variables of all kinds: instead of being refused they see that there are none but these. */
async function replaceEnvironment(env: Readonly<Record<string, string>>): Promise<void> {
  const { default: process } = await import('node:process');
  process.env = { ...env };
}

async function mustGiveWay(): Promise<boolean> {
  const renewal = new Promise<Renewal>(onNextMessage);
  tell('configuration may have changed');
  return !(await renewal).isConfinedRightly;
}

function tell(report: Report): void {
  door.postMessage(report);
}

function onNextMessage<T>(listener: (message: T) => void): void {
  door.addEventListener('message', ({ data }: MessageEvent<T>) => listener(data), { once: true });
}
