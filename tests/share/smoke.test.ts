import { World } from './world.ts';
Deno.test('smoke', async () => {
  await using world = await World.open('v3.1.0');
  console.log(JSON.stringify(await world.share(), null, 1));
  console.log(JSON.stringify((await world.share()).jobs[0], null, 1));
});
