import exifToolScript from 'exiftool-vendored.pl';
import { writeArguments } from '../../src/writeback/exiftool/write.ts';
import type { WriteChild } from './write_child.ts';

/**
 * How long ExifTool alone takes for these plans: as many processes as there are cores, started and warm, each given all its
 * commands at once. The copies are removed again.
 */
export async function measureFloor({ plans }: WriteChild, directory: string): Promise<{ readonly seconds: number }> {
  const out = `${directory}/floor`;
  Deno.mkdirSync(out);
  const workers = Math.max(1, navigator.hardwareConcurrency);
  const commands = plans.map((plan, index) => {
    const json = `${out}/${index}.json`;
    const command = writeArguments(plan, plan.path, `${out}/${index}.jpg`, json);
    Deno.writeTextFileSync(json, command.json);
    return `${command.args.join('\n')}\n-execute\n`;
  });
  const processes = await Promise.all(Array.from({ length: workers }, () => ExifTool.start()));
  const started = performance.now();
  await Promise.all(processes.map((process, worker) => {
    const own = commands.filter((_, index) => index % workers === worker);
    return process.run(own.join(''), own.length);
  }));
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(processes.map((process) => process.stop()));
  const made = [...Deno.readDirSync(out)].filter(({ name }) => name.endsWith('.jpg')).length;
  if (made !== plans.length) throw new Error(`ExifTool made ${made} of ${plans.length} files`);
  Deno.removeSync(out, { recursive: true });
  return { seconds };
}

/** An ExifTool that is kept open, and nothing more. */
class ExifTool {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  private constructor() {
    this.#child = new Deno.Command('perl', {
      args: [exifToolScript, '-stay_open', 'True', '-@', '-'],
      stdin: 'piped',
      stdout: 'piped',
      stderr: 'null',
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.getReader();
  }

  static async start(): Promise<ExifTool> {
    const process = new ExifTool();
    await process.run('-ver\n-execute\n', 1);
    return process;
  }

  /** Sends all commands and waits until as many are ready. */
  async run(commands: string, count: number): Promise<void> {
    const sending = this.#input.write(new TextEncoder().encode(commands));
    const decoder = new TextDecoder();
    let [text, ready] = ['', 0];
    while (ready < count) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error('ExifTool has ended');
      text += decoder.decode(value, { stream: true });
      ready += text.split('{ready}').length - 1;
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
