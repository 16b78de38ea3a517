import { FIELD_NAMES, USUAL_FIELDS } from '../writeback/fields/fields.ts';
import { hostnames, listenAddress, notifyUrl } from './hosts.ts';
import { notifyTargets } from './notify.ts';
import type { Setting } from './setting.ts';
import { choice, httpToken, timeWindow, wholeNumber, writeModules, writeSchedule } from './values.ts';

/** The settings of `serve`, as part of the registry in settings.ts. */
export const SERVICE_SETTINGS = Object.freeze(
  {
    HTTP_HOST: {
      label: 'Address of the dashboard',
      group: 'service',
      type: listenAddress,
      default: '127.0.0.1',
      description:
        'Where serve answers HTTP: 127.0.0.1 is this machine only, 0.0.0.0 everybody who can reach it (what a container needs).',
    },
    HTTP_PORT: {
      label: 'Port of the dashboard',
      group: 'service',
      type: wholeNumber(0, 65_535),
      default: '8080',
      description: 'The port of the dashboard, /healthz, /readyz, /metrics and /api/status. 0 turns HTTP off.',
    },
    HTTP_TOKEN: {
      label: 'Token of the dashboard',
      group: 'service',
      type: httpToken,
      example: 'a-long-random-word',
      secret: true,
      description:
        'Who knows it can see everything over HTTP, share, preview, pause, write, undo, confirm removals and change the configuration. Unset means: HTTP only shows counts.',
    },
    HTTP_ALLOWED_HOSTS: {
      label: 'Names of the dashboard',
      group: 'service',
      type: hostnames,
      example: 'photos.example.org',
      description:
        'The names under which browsers may reach the dashboard, separated by commas, such as that of a proxy. Addresses, localhost and ' +
        'names without a dot need not be listed; any other name is refused, as it may be that of a hostile page.',
    },
    WRITE_SCHEDULE: {
      label: 'When tags are written',
      group: 'service',
      type: writeSchedule,
      example: '0 3 * * *',
      description:
        'When serve writes back into files: a cron expression in the zone of TZ, else of this machine (0 3 * * * is every night at three); on-change ' +
        'for what changes in Immich, within SYNC_INTERVAL_SECONDS; or both, such as on-change 0 3 * * *. Unset means: never.',
    },
    WRITE_WINDOW: {
      label: 'Time of day for writing',
      group: 'service',
      type: timeWindow,
      example: '01:00-06:00',
      description:
        'A run of write-back that serve has begun stops at the end of this time of day, and the next one goes on; with on-change nothing is written outside of ' +
        'it, and what has changed meanwhile is written when it begins. Unset means: it may take as long as it takes.',
    },
    WRITE_MODULES: {
      label: 'What is written',
      group: 'service',
      type: writeModules,
      default: USUAL_FIELDS.join(),
      description: `What serve writes, separated by commas: ${FIELD_NAMES.join(', ')}.`,
    },
    NOTIFY_URLS: {
      label: 'Notifications',
      group: 'service',
      type: notifyTargets,
      example: 'ntfys://ntfy.example.org/photos?events=failure,brake gotifys://gotify.example.org/token',
      secret: true,
      isList: true,
      description:
        'Who is told when serve fails, is well again, holds back removals, has written back, or has shared something: addresses as Apprise ' +
        'writes them, separated by blanks (docs/service.md). ?events= chooses what. They hold keys and are not shown.',
    },
    NOTIFY_URL: {
      label: 'Notifications to one address',
      group: 'service',
      type: notifyUrl,
      example: 'https://ntfy.example.org/photos',
      secret: true,
      description:
        'The older form of NOTIFY_URLS, for one address: gets a small POST. It may hold a token and is not shown.',
    },
    NOTIFY_FORMAT: {
      label: 'Form of notifications to one address',
      group: 'service',
      type: choice('json', 'ntfy', 'healthchecks'),
      default: 'json',
      description:
        'json: one JSON object. ntfy: a message with title and priority. healthchecks: a ping after each good sync, and one to /fail.',
    },
  } as const satisfies Record<string, Setting>,
);
