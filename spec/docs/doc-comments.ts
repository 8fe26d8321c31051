import { read } from './documents.ts';
import type { Fence } from './documents.ts';

/** A drawing: marbles, or arrows. What stands in quotes may be marbles of a test. */
const isDrawing = (code: string): boolean =>
  /-{2,}|[─▶]/.test(code.replaceAll(/'[^']*'|(?<!:)\/\/.*$/gm, ''));

/**
 * The examples in the doc comments of a source file: what stands under `@example`, or is indented
 * by four spaces and no drawing.
 */
export function examplesOf(file: string): readonly Fence[] {
  const text = read(file);
  return [...text.matchAll(/\/\*\*\n[\s\S]*?\*\//g)].flatMap(({ 0: comment, index }) => {
    const firstLine = text.slice(0, index).split('\n').length;
    return blocksOf(comment).map(({ line, code }) => ({
      place: `${file}:${firstLine + line}`,
      info: 'ts',
      text: code,
    }));
  });
}

function blocksOf(comment: string): readonly { readonly line: number; readonly code: string }[] {
  const blocks: { line: number; code: string }[] = [];
  let block: { line: number; code: string } | undefined;
  let underExample = false;
  for (const [line, raw] of comment.split('\n').entries()) {
    const text = raw.replace(/^\s*(?:\/\*\*|\*\/|\* ?)/, '');
    const isExample = /^ {4}/.test(text) || (underExample && text !== '');
    if (isExample) {
      if (block === undefined) blocks.push((block = { line, code: '' }));
      block.code += `${text}\n`;
    } else if (text !== '') {
      block = undefined;
    } else if (!underExample && block !== undefined) {
      block.code += '\n';
    } else if (underExample) {
      block = undefined;
    }
    underExample = text === '@example' || (underExample && text !== '');
  }
  return blocks.filter(({ code }) => !isDrawing(code));
}
