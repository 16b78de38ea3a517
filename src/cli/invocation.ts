import type { Environment } from './output.ts';

/** How this program is called from here: by its name, or, when it runs from its source, as a task of Deno (README.md). */
export function invocation(env: Environment): string {
  const isTask = env['INIT_CWD'] !== undefined && !Deno.build.standalone;
  return isTask ? `npx -y deno@${Deno.version.deno} task` : 'immich-sidecar';
}
