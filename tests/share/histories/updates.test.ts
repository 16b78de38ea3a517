import fc from '../../harness/drawing.ts';
import { LIMITS } from '../../../src/share/cycle/limits.ts';
import { RARE_DEEDS } from '../oracle/deeds/people.ts';
import { ALL_DEEDS, live } from '../oracle/history.ts';
import { Histories, type Plan, type Step } from '../oracle/steps.ts';

/** Deeds between two releases; the model knows releases from 2.7 on. */
const STEPS = Number(Deno.env.get('STEPS') ?? 10);
const SEEDS = Deno.env.get('SEEDS')?.split(',').map(Number) ?? [1];
const UPDATES = 4;

const deeds = Object.keys(ALL_DEEDS).filter((name) => !RARE_DEEDS.has(name));

for (const seed of SEEDS) {
  Deno.test(`from 2.7 to 3.3, whatever is done in between, each cycle after an update makes what the model says (seed ${seed})`, async () => {
    const [plan] = fc.sample(new Histories(deeds, STEPS * (UPDATES + 1)), { seed, numRuns: 1 });
    if (plan !== undefined) await live('v2.7.5', withUpdates(plan), LIMITS);
  });
}

/** Every so many steps Immich is updated. Every other time a cycle comes right before, so that nothing else is new. */
function withUpdates(plan: Plan): Plan {
  const update: Step = { deed: 'updateImmich', picks: [0], isFollowedByCycle: true, isRestart: false };
  const steps = plan.steps.flatMap((step, index) => {
    const number = (index + 1) / STEPS;
    if (!Number.isInteger(number) || number > UPDATES) return [step];
    return [{ ...step, isFollowedByCycle: number % 2 === 1 }, { ...update, isRestart: number > 2 }];
  });
  return { ...plan, steps };
}
