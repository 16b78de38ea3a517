/**
 * Reads from a published `@immich/sdk` which requests a release of Immich takes: method, path, parameters, and the fields of bodies with their types. The tests compare the
 * requests of this program with that (tests/immich/api/requests.test.ts). These are facts about an interface; the package itself, which is under the AGPL, is needed only
 * to note those of a new release:
 *
 *     npm pack @immich/sdk@3.2.2 && tar -xzf immich-sdk-3.2.2.tgz
 *     deno run --allow-read --allow-write tools/api_requests.ts 3.2.2 package/build
 */

/** The functions of the SDK for what this program asks. */
const OPERATIONS = [
  'searchAssets',
  'updateAsset',
  'getFaces',
  'getAssetEdits',
  'getAllAlbums',
  'createAlbum',
  'deleteAlbum',
  'getAllTags',
  'getAllLibraries',
  'createLibrary',
  'updateLibrary',
  'deleteLibrary',
  'getLibraryStatistics',
  'getAssetStatistics',
  'getServerVersion',
  'getMyApiKey',
  'getMyUser',
  'searchUsersAdmin',
  'runQueueCommandLegacy',
];

interface Operation {
  readonly method: string;
  /** With `*` for each parameter. */
  readonly path: string;
  readonly query: readonly string[];
  /** The name of a type. */
  readonly body?: string;
}

/** Field by field: the type as TypeScript writes it, or the values of an enumeration. */
type Fields = Readonly<Record<string, string>>;

function readOperation(name: string, code: string, types: string): Operation | undefined {
  const body = new RegExp(`export function ${name}\\(.*?\\n}`, 's').exec(code)?.[0];
  const signature = new RegExp(`export declare function ${name}\\(.*?;\\n(?=/\\*\\*|export)`, 's').exec(types)?.[0] ??
    '';
  const path = /fetch(?:Json|Text)\([`"](\/[^`"]*)/.exec(body ?? '')?.[1];
  if (body === undefined || path === undefined) return undefined;
  const bodyName = /body: (\w+)/.exec(body)?.[1];
  const query = /QS\.explode\(\{(.*?)\}\)/s.exec(body)?.[1] ?? '';
  return {
    method: /method: "([A-Z]+)"/.exec(body)?.[1] ?? 'GET',
    path: path.replace(/\$\{QS.*$/s, '').replaceAll(/\$\{[^}]*\}/g, '*'),
    query: [...query.matchAll(/(\w+)\s*(?:,|$)/g)].map(([, key]) => key ?? ''),
    ...(bodyName === undefined ? {} : { body: new RegExp(`${bodyName}: (\\w+)`).exec(signature)?.[1] ?? '' }),
  };
}

function readType(name: string, types: string): Fields | undefined {
  const text = new RegExp(`export type ${name} = \\{(.*?)\\n\\};`, 's').exec(types)?.[1];
  if (text === undefined) return undefined;
  const fields = text.replaceAll(/\/\*\*.*?\*\//gs, '').matchAll(/"?(\w+)"?(\??): ([^;]+);/g);
  return Object.fromEntries([...fields].map(([, key, , type]) => [key ?? '', type ?? '']));
}

function readEnum(name: string, types: string): string | undefined {
  const text = new RegExp(`export declare enum ${name} \\{(.*?)\\n\\}`, 's').exec(types)?.[1];
  if (text === undefined) return undefined;
  return [...text.matchAll(/= ("[^"]*")/g)].map(([, value]) => value).join(' | ');
}

/** The types of these bodies, and of all that is in them; enumerations are put in their place. */
function readTypes(names: readonly string[], types: string): Record<string, Fields> {
  const found: Record<string, Fields> = {};
  const add = (name: string) => {
    const fields = found[name] === undefined ? readType(name, types) : undefined;
    if (fields === undefined) return;
    found[name] = fields;
    found[name] = Object.fromEntries(
      Object.entries(fields).map(([key, type]) => {
        const inner = /^\w+/.exec(type)?.[0] ?? '';
        add(inner);
        const values = readEnum(inner, types);
        return [key, values === undefined ? type : type.replace(inner, `(${values})`)];
      }),
    );
  };
  for (const name of names) add(name);
  return found;
}

if (import.meta.main) {
  const [version = '', build = ''] = Deno.args;
  const [code, types] = await Promise.all(
    ['js', 'd.ts'].map((ext) => Deno.readTextFile(`${build}/fetch-client.${ext}`)),
  );
  const operations = Object.fromEntries(
    OPERATIONS.map((name) => [name, readOperation(name, code ?? '', types ?? '')]).filter(([, found]) =>
      found !== undefined
    ),
  ) as Record<string, Operation>;
  const bodies = Object.values(operations).flatMap(({ body }) => body ?? []);
  const directory = `${import.meta.dirname}/../tests/fixtures/immich-api/requests`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(
    `${directory}/${version}.json`,
    `${JSON.stringify({ operations, types: readTypes(bodies, types ?? '') }, null, 1)}\n`,
  );
}
