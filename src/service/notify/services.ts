import type { NotifyService } from '../../config/notify.ts';
import type { Service } from './service.ts';
import { email } from './services/email.ts';
import { gotify } from './services/gotify.ts';
import { healthchecks } from './services/healthchecks.ts';
import { json } from './services/json.ts';
import { ntfy } from './services/ntfy.ts';
import { telegram } from './services/telegram.ts';

/** Every kind of service that can be told. */
export const SERVICES: Readonly<Record<NotifyService, Service>> = Object.freeze({
  json,
  ntfy,
  gotify,
  telegram,
  email,
  healthchecks,
});
