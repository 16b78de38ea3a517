import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { startSettings, TOKEN } from '../service/settings_service.ts';
import { barriers, DESK, open, overflow, PHONE, SCREENSHOTS, testInBrowser } from './browser.ts';

testInBrowser('settings in a browser: signing in, a mistake, a difference, and a yes', async (browser) => {
  await using service = await startSettings();
  for (const [kind, viewport, colorScheme] of [['wide', DESK, 'light'], ['phone', PHONE, 'dark']] as const) {
    await using page = await open(browser, service.url, { viewport, colorScheme });
    const looks = async (what: string) => {
      assert.deepEqual(await barriers(page.it), [], `${what} ${kind}`);
      assert.ok(await overflow(page.it) <= 0, `${what} ${kind} is too wide`);
      if (SCREENSHOTS !== undefined) {
        await page.it.screenshot({ path: `${SCREENSHOTS}/settings-${what}-${kind}.png`, fullPage: true });
      }
    };
    await page.it.locator('#token').fill(TOKEN);
    await page.it.getByRole('button', { name: 'Sign in' }).click();
    await page.it.getByRole('button', { name: 'Settings' }).click();
    await looks('form');
    const albums = page.it.getByLabel('select.albums').first();
    await page.it.getByLabel('since').first().fill('yesterday');
    const look = page.it.getByRole('button', { name: 'Preview' }).first();
    await look.click();
    await page.it.getByText('Nothing was changed').waitFor();
    await looks('mistake');
    assert.equal(await page.it.getByLabel('since').first().inputValue(), 'yesterday', 'what was typed is kept');
    await page.it.getByLabel('since').first().fill('');
    await albums.fill(`Summer\nFrom the ${kind}`);
    await page.it.getByRole('button', { name: 'Preview' }).first().click();
    await page.it.getByText('Save this?').first().waitFor();
    await looks('difference');
    assert.doesNotMatch(service.read('config.yaml'), new RegExp(`From the ${kind}`), 'nothing before the yes');
    await page.it.getByRole('button', { name: 'Save' }).click();
    await page.it.getByText('Saved. It applies now.').waitFor();
    await looks('saved');
    assert.match(service.read('config.yaml'), new RegExp(`From the ${kind}.*# the one at the sea`));
    assert.deepEqual(page.errors.filter((error) => !error.includes('422')), []);
  }
  assert.equal(await service.end(), EXIT.ok);
});
