import type { Config } from '../../src/config/config.ts';
import { Scheduler } from '../../src/service/scheduler.ts';
import { until } from '../crash/process.ts';
import { soon } from '../crash/soon.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/** A service over a world, with a cycle every tenth of a second when nothing else is said. */
export class RunningService implements AsyncDisposable {
  readonly scheduler: Scheduler;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  nextConfig: () => Config;

  constructor(config: Config, syncIntervalSeconds = 0.1) {
    const quick = { ...config, syncIntervalSeconds };
    this.nextConfig = () => quick;
    this.scheduler = new Scheduler({
      config: quick,
      version: 'test',
      progress: SILENT,
      readConfig: () => Promise.resolve(this.nextConfig()),
      onCycle: () => {},
    });
    this.#running = this.scheduler.run(this.#stop.signal);
  }

  get state() {
    return this.scheduler.state;
  }

  /** Waits until so many more cycles have succeeded. */
  async cycles(count = 1): Promise<void> {
    const before = this.state.cycles.length;
    const done = () => this.state.cycles.slice(before).filter(({ outcome }) => outcome === 'done').length >= count;
    await until(`${count} cycles`, done);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stop'));
    await soon(this.#running, () => `the service is still ${this.state.phase}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
