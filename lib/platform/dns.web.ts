import type { ResolveHost } from './dns.ts';

export type { ResolveHost } from './dns.ts';

/** Browsers have no DNS of their own: they resolve names as they connect. */
export const resolveHost: ResolveHost | null = null;
