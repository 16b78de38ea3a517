import type { ServiceConfig } from './config.ts';
import { plainTarget } from './notify.ts';
import { SettingsReader } from './reader.ts';

/** The settings of `serve`. */
export function readServiceConfig(settings: SettingsReader): ServiceConfig {
  const url = settings.read('NOTIFY_URL');
  const format = settings.read('NOTIFY_FORMAT');
  const plain = url === undefined ? undefined : plainTarget(url, format);
  return {
    http: { hostname: settings.read('HTTP_HOST'), port: settings.read('HTTP_PORT') },
    token: settings.read('HTTP_TOKEN'),
    allowedHosts: settings.read('HTTP_ALLOWED_HOSTS') ?? [],
    notify: [...settings.read('NOTIFY_URLS') ?? [], ...plain === undefined ? [] : [plain]],
  };
}

/** What these settings are when nobody says anything. */
export function defaultServiceConfig(): ServiceConfig {
  return readServiceConfig(new SettingsReader([], '/', []));
}
