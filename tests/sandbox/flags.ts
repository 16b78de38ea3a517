import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };

const MANIFEST = new URL('../../deno.json', import.meta.url).pathname;

/** The flags that a task of deno.json starts the program with. */
export function flagsOf(task: 'sync' | 'serve' | 'write' | 'undo' | 'status'): string[] {
  const [, flags = ''] = /^deno run (.+) main\.ts /.exec(manifest.tasks[task].command) ?? [];
  assert.doesNotMatch(flags, /(^| )(-A|--allow-all)( |$)/);
  return ['--config', MANIFEST, ...flags.split(' ')];
}
