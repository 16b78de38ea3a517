import { isSandboxed } from './src/sandbox/commands.ts';
import { runSandboxed } from './src/sandbox/supervisor.ts';
import { startEngine, startResolver, startSetupWorker, startWriter, workerRole } from './src/sandbox/worker.ts';

// Each worker has its own memory, so it imports only what it needs.
const load = {
  resolver: () => import('./src/sandbox/resolve_permissions.ts'),
  program: () => import('./src/cli/program.ts'),
  setup: () => import('./src/cli/browser_setup.ts'),
  writer: () => import('./src/cli/write_configuration.ts'),
};

switch (workerRole()) {
  case 'resolver':
    startResolver(async (request) => (await load.resolver()).resolvePermissions(request));
    break;
  case 'engine':
    startEngine(async ({ args, env }, supervision) => (await load.program()).main(args, env, supervision));
    break;
  case 'setup':
    startSetupWorker(async (task, signal) => (await load.setup()).setUpFor(task, signal));
    break;
  case 'writer':
    startWriter(async (task) => (await load.writer()).writeConfiguration(task));
    break;
  case undefined:
    Deno.exit(await begin(Deno.args, Deno.env.toObject()));
}

async function begin(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  if (!isSandboxed(args)) return (await load.program()).main(args, env);
  try {
    return await runSandboxed(args, env);
  } catch (error) {
    const { reportEarly } = await load.program();
    return reportEarly(error, env);
  }
}
