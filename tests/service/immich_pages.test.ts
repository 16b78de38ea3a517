/** Links into Immich lead to pages that it has: the routes of its web application, by release. */
import assert from 'node:assert/strict';
import { IMMICH_PAGES } from '../../src/service/dashboard/immich_pages.ts';
import v2 from '../fixtures/immich-web/2.7.5.json' with { type: 'json' };
import v3 from '../fixtures/immich-web/3.1.0.json' with { type: 'json' };

const ID = '3f0c1a2b-0000-4000-8000-000000000000';

const LINKS = [
  IMMICH_PAGES.photo(ID),
  IMMICH_PAGES.album(ID),
  IMMICH_PAGES.person(ID),
  IMMICH_PAGES.tag(null),
  IMMICH_PAGES.tag('share/b & b'),
  IMMICH_PAGES.favorites(),
  IMMICH_PAGES.folder('/external library/a/'),
];

for (const [release, { routes, pathParameter }] of [['2.7.5', v2], ['3.1.0', v3]] as const) {
  Deno.test(`${release}: each page of Immich that the dashboard leads to is there`, () => {
    assert.equal(new Set(LINKS.map((link) => link.split(/[/?]/)[1])).size, Object.keys(IMMICH_PAGES).length);
    for (const link of LINKS) {
      const { pathname, searchParams } = new URL(link, 'https://photos.example.com');
      assert.ok(routes.some((route) => patternOf(route).test(pathname)), `${link} is no page`);
      assert.deepEqual([...searchParams.keys()].filter((name) => name !== pathParameter), []);
    }
    assert.ok(!routes.some((route) => patternOf(route).test('/persons/1')));
  });
}

/** Of a route of SvelteKit: `[name=id]` is an id, `[[name]]` may be left out. */
function patternOf(route: string): RegExp {
  const parts = route.split('/').filter(Boolean).map((part) => {
    if (part.startsWith('[[')) return '(/[^/]+)?';
    return part.startsWith('[') ? '/[^/]+' : `/${part}`;
  });
  return new RegExp(`^${parts.join('')}/?$`);
}
