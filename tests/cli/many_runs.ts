import assert from 'node:assert/strict';
import { main } from '../../src/cli/program.ts';
import { type Environment, redactor } from '../../src/cli/output.ts';
import type { Variables } from './program.ts';

export interface CommandLine {
  readonly args: readonly string[];
  readonly env: Variables;
  readonly cwd: string;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** More of what a run says is of no use to a test. */
const MOST_CHARACTERS = 4_000;

/**
 * Runs command lines of the program, one after the other in one process of their own with all permissions: quicker by two orders of
 * magnitude than a process for each. Nothing else is different from main.ts.
 */
export async function runInOneProcess(commands: readonly CommandLine[]): Promise<Outcome[]> {
  const directory = await Deno.makeTempDir({ prefix: 'immich-sidecar-runs-' });
  try {
    await Deno.writeTextFile(`${directory}/commands`, JSON.stringify(commands));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        'run',
        '--no-check',
        '--frozen',
        '--lock',
        new URL('../../harness.lock', import.meta.url).pathname,
        '--allow-all',
        import.meta.filename ?? '',
        directory,
      ],
      stdin: 'null',
    }).output();
    const text = new TextDecoder();
    assert.equal(code, 0, text.decode(stdout) + text.decode(stderr));
    return JSON.parse(await Deno.readTextFile(`${directory}/outcomes`));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runAll(commands: readonly CommandLine[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const decoder = new TextDecoder();
  let said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    Deno[stream].writeSync = (bytes) => {
      said = { ...said, [stream]: (said[stream] + decoder.decode(bytes)).slice(0, MOST_CHARACTERS) };
      return bytes.length;
    };
  }
  for (const { args, env, cwd } of commands) {
    said = { stdout: '', stderr: '' };
    redactor.forget();
    Deno.chdir(cwd);
    outcomes.push({ code: await main(args, env satisfies Environment), ...said });
  }
  return outcomes;
}

if (import.meta.main) {
  const [directory = ''] = Deno.args;
  const outcomes = await runAll(JSON.parse(Deno.readTextFileSync(`${directory}/commands`)));
  Deno.writeTextFileSync(`${directory}/outcomes`, JSON.stringify(outcomes));
  Deno.exit(0);
}
