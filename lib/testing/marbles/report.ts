import type { Comparison, Difference } from './comparison.ts';
import { groupOf, Picture } from './picture.ts';
import { shown } from './shown.ts';

/** What a report says about the run. */
export interface ReportContext {
  readonly seed: number;
  /** How long the diagrams are. */
  readonly ms: number;
  /** The name of a node with this ID, if there is one. */
  readonly nodeName: (id: string) => string | undefined;
  /** Whether the routers were started. */
  readonly isStarted: () => boolean;
}

const labelLength = 'as expected  '.length;

/**
 * Draws all diagrams under each other: those that were as expected in one line, all others in two,
 * with the first difference and their values.
 */
export function report(comparisons: readonly Comparison[], context: ReportContext): string {
  const { seed, ms } = context;
  const picture = new Picture(
    comparisons.flatMap(({ expected, actual }) => [expected, actual]),
    ms,
  );
  const differences = comparisons.flatMap(({ difference }) => difference ?? []);
  const firstMs = Math.min(...differences.map(({ frame }) => frame));
  const verb = differences.length === 1 ? 'differs' : 'differ';
  const count = `${differences.length} of ${comparisons.length} diagrams ${verb}`;
  const blocks = comparisons.map((each) => block(each, picture, context));
  const hint = context.isStarted() ? '' : '\nno node is started: call net.start() before net.run\n';
  return `${count}, first at ${firstMs} ms (seed ${seed})\n${hint}\n${blocks.join('\n\n')}\n`;
}

function block(comparison: Comparison, picture: Picture, context: ReportContext): string {
  const { expected, actual, legend, difference } = comparison;
  if (difference === undefined) return line('as expected', picture.draw(expected));
  const caret = `${' '.repeat(picture.columnOf(difference.frame))}^ ${inWords(difference)}`;
  const values = [...legend].map(([letter, value]) =>
    line('', `${letter}: ${shown(value, context.nodeName)}`),
  );
  return [
    line('expected', picture.draw(expected)),
    line('actual', picture.draw(actual)),
    line('', caret),
    ...values,
  ].join('\n');
}

function inWords({ frame, expected, actual }: Difference): string {
  const [wanted, got] = [groupOf(expected, frame), groupOf(actual, frame)];
  const unless = (text: string): string => (text === '' ? 'nothing' : text);
  return `at ${frame} ms: expected ${unless(wanted)}, got ${unless(got)}`;
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(labelLength)}${text}`;
}
