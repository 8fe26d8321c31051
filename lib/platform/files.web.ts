import type { PlatformFiles } from './files.ts';

const unavailable = (): Promise<never> => Promise.reject(new Error('this platform has no files'));

/** Browsers have no files: every call rejects. */
export const platformFiles: PlatformFiles = {
  read: unavailable,
  create: unavailable,
  removeDrafts: unavailable,
};
