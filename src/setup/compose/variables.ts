/**
 * What compose.yaml takes from the .env beside it and the program itself does not know, with what each is.
 * docs/install_docker.md lists them.
 */
export const COMPOSE_VARIABLES = Object.freeze({
  SIDECAR_CONFIG: {
    label: 'Directory of the configuration',
    description: 'For compose.yaml: the directory with this file and config.yaml, as seen from there.',
  },
  PUID: {
    label: 'User of the container',
    description:
      "For compose.yaml: who the container runs as, which is who owns Immich's files. 0 is root, of whose rights it keeps three.",
  },
  PGID: { label: 'Group of the container', description: 'For compose.yaml: the group of the same.' },
  IMMICH_NETWORK: {
    label: 'Network of Immich',
    description: "For compose.yaml: Docker's network that Immich and its database are in.",
  },
});

export type ComposeVariable = keyof typeof COMPOSE_VARIABLES;

export const COMPOSE_VARIABLE_NAMES = Object.freeze(Object.keys(COMPOSE_VARIABLES) as ComposeVariable[]);

export function isComposeVariable(name: string): name is ComposeVariable {
  return Object.hasOwn(COMPOSE_VARIABLES, name);
}
