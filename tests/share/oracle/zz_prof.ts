import fc from 'fast-check';
import { ALL_DEEDS, live } from './history.ts';
import { Histories } from './steps.ts';
import { Engine } from './engine.ts';
import { Household } from './household.ts';
import * as st from './state.ts';
import { Sharing } from '../../../src/share/share.ts';
const t: Record<string, [number, number]> = {};
const wrap = (o: any, k: string, label: string) => {
  const f = o[k];
  o[k] = async function (...a: any[]) {
    const s = performance.now();
    try {
      return await f.apply(this, a);
    } finally {
      const e = (t[label] ??= [0, 0]);
      e[0]++;
      e[1] += performance.now() - s;
    }
  };
};
wrap(Engine, 'start', 'engine.start');
wrap(Engine.prototype, 'cycle', 'engine.cycle');
wrap(Household, 'open', 'open');
wrap(Household.prototype, 'close', 'close');
const p = Object.getOwnPropertyNames(Sharing.prototype);
console.log(p);
const seed = Number(Deno.args[0]);
const deeds = Deno.args[1]?.split(',') ?? Object.keys(ALL_DEEDS);
const [plan] = fc.sample(new Histories(deeds, Number(Deno.args[2] ?? 60)), { seed, numRuns: 1 });
const s = performance.now();
await live('v3.1.0', plan!).catch((e) => console.log(e.message));
console.log('total', performance.now() - s, t);
