import { describe, expect, it } from '@jest/globals';
import { percentileOf, ratiosOf, summaryOf } from '../../../bench/frame/statistics.ts';

describe('summaryOf', () => {
  it('has the middle one of an odd number, whatever their order', () => {
    expect(summaryOf([30, 10, 200])).toEqual({ median: 30, min: 10, max: 200 });
  });

  it('has the mean of the two in the middle of an even number', () => {
    expect(summaryOf([4, 1, 9, 2])).toEqual({ median: 3, min: 1, max: 9 });
  });

  it('orders figures as numbers, not as text', () => {
    expect(summaryOf([9, 10, 100]).median).toBe(10);
  });

  it('is the figure itself if there is one', () => {
    expect(summaryOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  it('leaves the figures as they are', () => {
    const figures = [3, 1, 2];
    summaryOf(figures);
    expect(figures).toEqual([3, 1, 2]);
  });

  it('refuses what has no median', () => {
    expect(() => summaryOf([])).toThrow(RangeError);
    expect(() => summaryOf([1, NaN])).toThrow('not a number');
  });
});

describe('percentileOf', () => {
  const thousand = Array.from({ length: 1000 }, (_, i) => 1000 - i);

  it.each([
    { percent: 50, figure: 500 },
    { percent: 99, figure: 990 },
    { percent: 99.9, figure: 999 },
    { percent: 100, figure: 1000 },
    { percent: 0.01, figure: 1 },
  ])('$percent % of 1 to 1,000 do not exceed $figure', ({ percent, figure }) => {
    expect(percentileOf(thousand, percent)).toBe(figure);
  });

  it('is the largest of few figures, for a high percentage', () => {
    expect(percentileOf([5, 1, 3], 99)).toBe(5);
  });
});

describe('ratiosOf', () => {
  it('pairs the figures of a round', () => {
    expect(ratiosOf([10, 20, 30], [5, 40, 10])).toEqual([2, 0.5, 3]);
  });

  it('leaves out rounds that only one has', () => {
    expect(ratiosOf([10, 20, 30], [5])).toEqual([2]);
    expect(ratiosOf([10], [5, 1])).toEqual([2]);
  });
});
