import type { ResolveHost } from './dns.ts';

export type { ResolveHost } from './dns.ts';

/** Browsers offer no DNS: they resolve names when they connect. */
export const resolveHost: ResolveHost | null = null;
