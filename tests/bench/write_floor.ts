import exifToolScript from 'exiftool-vendored.pl';
import { writeArguments } from '../../src/writeback/exiftool/write.ts';
import { processorTime, processorTimeSince } from './processor_time.ts';
import type { WriteChild } from './write_child.ts';

/** What ExifTool alone takes. */
export interface Floor {
  readonly seconds: number;
  /** Processor time of ExifTool, in seconds. */
  readonly processorSeconds: number;
}

/**
 * How long ExifTool alone takes for these plans: as many processes as there are cores, from their start, each given all its
 * commands at once. The copies are removed again.
 *
 * @param isFlushed whether each copy has to be on the disk, as a photo's has before it takes the place of another
 */
export async function measureFloor(
  { plans }: Pick<WriteChild, 'plans'>,
  directory: string,
  isFlushed: boolean,
): Promise<Floor> {
  const out = `${directory}/floor`;
  Deno.mkdirSync(out);
  const workers = Math.max(1, navigator.hardwareConcurrency);
  const commands = plans.map((plan, index) => {
    const json = `${out}/${index}.json`;
    const command = writeArguments(plan, plan.path, `${out}/${index}.jpg`, json);
    Deno.writeTextFileSync(json, command.json);
    return { text: `${command.args.join('\n')}\n-execute\n`, copy: `${out}/${index}.jpg` };
  });
  const before = processorTime();
  const started = performance.now();
  const processes = Array.from({ length: workers }, () => new ExifTool());
  const flushes: Promise<void>[] = [];
  await Promise.all(processes.map((process, worker) => {
    const own = commands.filter((_, index) => index % workers === worker);
    return process.run(own.map(({ text }) => text).join(''), own.length, (index) => {
      if (isFlushed) flushes.push(flush(own[index]?.copy ?? ''));
    });
  }));
  await Promise.all(flushes);
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(processes.map((process) => process.stop()));
  const processorSeconds = processorTimeSince(before).children;
  const made = [...Deno.readDirSync(out)].filter(({ name }) => name.endsWith('.jpg')).length;
  if (made !== plans.length) throw new Error(`ExifTool made ${made} of ${plans.length} files`);
  Deno.removeSync(out, { recursive: true });
  return { seconds, processorSeconds };
}

async function flush(path: string): Promise<void> {
  using file = Deno.openSync(path);
  await file.sync();
}

/** An ExifTool that is kept open, and nothing more. */
class ExifTool {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  constructor() {
    this.#child = new Deno.Command('perl', {
      args: [exifToolScript, '-stay_open', 'True', '-@', '-'],
      stdin: 'piped',
      stdout: 'piped',
      stderr: 'null',
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.getReader();
  }

  /** Sends all commands and waits until as many are ready. `onReady` is told the number of each. */
  async run(commands: string, count: number, onReady: (index: number) => void): Promise<void> {
    const sending = this.#input.write(new TextEncoder().encode(commands));
    const decoder = new TextDecoder();
    let [text, ready] = ['', 0];
    while (ready < count) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error('ExifTool has ended');
      text += decoder.decode(value, { stream: true });
      for (const end = ready + text.split('{ready}').length - 1; ready < end; ready++) onReady(ready);
      text = text.slice(text.lastIndexOf('{ready}') + 1).slice(-10);
    }
    await sending;
  }

  async stop(): Promise<void> {
    await this.#input.write(new TextEncoder().encode('-stay_open\nFalse\n'));
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}
