import { isConfined } from './src/confinement/commands.ts';
import { runConfined } from './src/confinement/door.ts';
import { beEngine, bePlanner, roleHere } from './src/confinement/inhabit.ts';

// What a part of the program needs is imported there only: each has its own memory.
const load = {
  planner: () => import('./src/confinement/planner.ts'),
  program: () => import('./src/cli/program.ts'),
};

switch (roleHere()) {
  case 'planner':
    bePlanner(async (question) => (await load.planner()).plan(question));
    break;
  case 'engine':
    beEngine(async ({ args, env }, mustGiveWay) => (await load.program()).main(args, env, mustGiveWay));
    break;
  case undefined:
    Deno.exit(await begin(Deno.args, Deno.env.toObject()));
}

async function begin(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  if (!isConfined(args)) return (await load.program()).main(args, env);
  try {
    return await runConfined(args, env);
  } catch (error) {
    const { reportEarly } = await load.program();
    return reportEarly(error, env);
  }
}
