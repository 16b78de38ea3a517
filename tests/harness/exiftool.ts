import exifToolScript from 'exiftool-vendored.pl';
import { END_WITH_PROGRAM, ExifToolProcess } from '../../src/writeback/exiftool/process.ts';

/** What it printed, and said besides. */
export interface Said {
  readonly output: string;
  readonly messages: string;
  readonly success: boolean;
}

/** One for all tests of a file: to start, and to load what it needs for a kind of file, takes half a second. */
let kept: Promise<ExifToolProcess> | undefined;

Deno.test.afterAll(async () => {
  await (await kept)?.close();
});

/** ExifTool's own command line, as anybody would use it. */
export async function exifTool(args: readonly string[]): Promise<Said> {
  if (args.some((arg) => /[\r\n]/.test(arg))) return await startedFor(args); // it is told an argument in each line
  kept ??= start();
  const { output, messages } = await (await kept).run([...args, '-echo3', '{status ${status}}']);
  const [end, status] = /\{status (\d+)\}\n$/.exec(output) ?? ['', 'none'];
  return { output: output.slice(0, output.length - end.length), messages, success: status === '0' };
}

async function start(): Promise<ExifToolProcess> {
  const config = await Deno.makeTempFile({ suffix: '.config' });
  await Deno.writeTextFile(config, END_WITH_PROGRAM);
  const process = new ExifToolProcess({ program: 'perl', args: [exifToolScript], variables: [], config });
  await process.run(['-ver']);
  await Deno.remove(config); // it has been read
  return process;
}

async function startedFor(args: readonly string[]): Promise<Said> {
  const { success, stdout, stderr } = await new Deno.Command('perl', { args: [exifToolScript, ...args] }).output();
  const [output = '', messages = ''] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { output, messages, success };
}
