import { describe, expect, it } from '@jest/globals';
import { requireFiles } from '../../../bench/frame/open-files.ts';

describe('requireFiles', () => {
  it('says how far the limit has to be raised', () => {
    expect(() => requireFiles(10_000, 4096)).toThrow(
      /10200 open files .* 4096 .*"ulimit -n 10200"/,
    );
  });

  it('lets pass what just fits, and one more no longer', () => {
    expect(() => requireFiles(824, 1024)).not.toThrow();
    expect(() => requireFiles(825, 1024)).toThrow('1025 open files');
  });

  it('lets pass everything where the system does not tell', () => {
    expect(() => requireFiles(1_000_000, Infinity)).not.toThrow();
  });
});
