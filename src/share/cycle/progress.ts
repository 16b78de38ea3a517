import { getLogger } from '@logtape/logtape';
import { count, counted } from '../../config/words.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** Told while a long copy runs. */
export interface Progress {
  /** Whether anybody looks: counting what lies ahead is not free. */
  readonly isShown: boolean;
  /** `unit`: what is counted, for people. */
  start(job: string, total: number, unit: 'photos' | 'embeddings' | 'people'): void;
  advance(done: number): void;
  stop(): void;
}

/** How far a long copy is at a moment. */
export interface ProgressFigures {
  readonly job: string;
  readonly unit: 'photos' | 'embeddings' | 'people';
  readonly done: number;
  /** As it was counted when the copy began; `done` may become more. */
  readonly total: number;
  readonly startedAt: string;
  readonly perSecond: number;
  /** Undefined until there is a rate to tell it by. */
  readonly secondsLeft: number | undefined;
}

/** Measures one copy after the other, and tells `onChange` of each step: undefined when a copy has ended. */
export class Meter implements Progress {
  readonly isShown = true;
  #copy: Pick<ProgressFigures, 'job' | 'unit' | 'total' | 'startedAt'> | undefined;
  #startedAtMs = 0;
  #done = 0;

  constructor(readonly onChange: (figures: ProgressFigures | undefined) => void = () => {}) {}

  start(job: string, total: number, unit: ProgressFigures['unit']): void {
    if (total === 0) return;
    this.#copy = { job, unit, total, startedAt: new Date().toISOString() };
    this.#startedAtMs = performance.now();
    this.#done = 0;
    this.onChange(this.figures());
  }

  advance(done: number): void {
    if (this.#copy === undefined) return;
    this.#done += done;
    this.onChange(this.figures());
  }

  stop(): void {
    if (this.#copy === undefined) return;
    this.#copy = undefined;
    this.onChange(undefined);
  }

  /** Of the copy that goes on; undefined when there is none. */
  figures(): ProgressFigures | undefined {
    if (this.#copy === undefined) return undefined;
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    const perSecond = seconds > 0 ? this.#done / seconds : 0;
    const left = Math.max(this.#copy.total - this.#done, 0);
    return {
      ...this.#copy,
      done: this.#done,
      perSecond: Math.round(perSecond * 10) / 10,
      secondsLeft: this.#done === 0 ? undefined : Math.round(left / perSecond),
    };
  }
}

/** Where there is no bar: often enough to see that it goes on, and no log is filled. */
const LOG_PAUSE_MS = 30_000;

/** Says how far a copy is in the log, every half a minute while it goes on. */
export function loggedProgress(pauseMs: number = LOG_PAUSE_MS): Progress {
  const meter = new Meter();
  let timer: ReturnType<typeof setInterval> | undefined;
  const say = () => {
    const figures = meter.figures();
    if (figures === undefined) return;
    logger.info('{job}: {progress}', { ...figures, progress: describeProgress(figures) });
  };
  return {
    isShown: true,
    start: (job, total, unit) => {
      meter.start(job, total, unit);
      clearInterval(timer);
      timer = setInterval(say, pauseMs);
    },
    advance: (done) => meter.advance(done),
    stop: () => {
      clearInterval(timer);
      meter.stop();
    },
  };
}

/** Tells all of them. */
export function together(...all: readonly Progress[]): Progress {
  return {
    isShown: all.some(({ isShown }) => isShown),
    start: (job, total, unit) => all.forEach((one) => one.start(job, total, unit)),
    advance: (done) => all.forEach((one) => one.advance(done)),
    stop: () => all.forEach((one) => one.stop()),
  };
}

/** `1,234 of 15,000 photos, 45 a second, about 5 minutes left` */
export function describeProgress({ done, total, unit, perSecond, secondsLeft }: ProgressFigures): string {
  const rate = perSecond >= 10 ? Math.round(perSecond) : perSecond;
  return `${done.toLocaleString('en')} of ${counted(total, unit)}` +
    (secondsLeft === undefined ? '' : `, ${rate.toLocaleString('en')} a second, about ${durationOf(secondsLeft)} left`);
}

/** `40 seconds`, `5 minutes`, `3 hours`. */
function durationOf(seconds: number): string {
  if (seconds < 90) return count(seconds, 'second');
  return seconds < 5_400 ? count(Math.round(seconds / 60), 'minute') : count(Math.round(seconds / 3_600), 'hour');
}
