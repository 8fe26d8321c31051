/**
 * Makes errors cheaper. Jest maps each frame of a stack to the source anew, which takes a
 * millisecond for an error, and `RxmeshError` writes its stack when it is made. Most frames are the
 * same again and again.
 */
import { runInThisContext } from 'node:vm';

/** That of Jest, outside of the context in which specs run. */
const outer = runInThisContext('Error') as ErrorConstructor;
/** The text of each frame, by its file and its position there. */
const files = new Map<string, Map<number, string>>();

Error.prepareStackTrace = (error, sites) => {
  const head = written(error, []);
  return head + sites.map((site) => frameOf(error, site, head)).join('');
};

function frameOf(error: Error, site: NodeJS.CallSite, head: string): string {
  const frames = framesOf(site.getScriptNameOrSourceURL() ?? nativeOf(site));
  const position = site.getPosition();
  const known = frames.get(position);
  if (known !== undefined) return known;
  const frame = written(error, [site]).slice(head.length);
  frames.set(position, frame);
  return frame;
}

/** The name of a function of the engine, which has no file. */
function nativeOf(site: NodeJS.CallSite): string {
  return `${site.getTypeName() ?? ''}.${site.getFunctionName() ?? ''}`;
}

function framesOf(file: string): Map<number, string> {
  const known = files.get(file);
  if (known !== undefined) return known;
  const frames = new Map<number, string>();
  files.set(file, frames);
  return frames;
}

function written(error: Error, sites: NodeJS.CallSite[]): string {
  return String(outer.prepareStackTrace(error, sites));
}
