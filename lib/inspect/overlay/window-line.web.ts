import { checkArgument } from '../../model/check-options.ts';
import { type InspectorLine, type PageWindow, portRequest } from './port.web.ts';

const aWindow = {
  what: 'a window, such as the contentWindow of a frame that is in the page',
  accepts: (value: unknown): boolean =>
    typeof value === 'object' && value !== null && 'postMessage' in value,
};

const anOrigin = {
  what: "the origin of the window's page, such as 'https://app.example'",
  accepts: (value: unknown): boolean => typeof value === 'string' && /^https?:\/\//.test(value),
};

/**
 * A line to the router of a page in another window or frame, for `openInspector`. That page must
 * let this one in, with `answerInspectors`.
 *
 *     const app = Reflect.get(globalThis, 'opener'); // the page that has opened this one
 *     await openInspector(windowLine(app, 'https://app.example'));
 *
 * @param window one that this page has opened or framed, or that has opened or framed this page
 * @param origin of that page: a page of another origin that is in the window meanwhile gets nothing
 * @throws {TypeError} if one of them is wrong
 */
export function windowLine(window: PageWindow | null, origin: string): InspectorLine {
  checkArgument('windowLine', 'window', window, aWindow);
  checkArgument('windowLine', 'origin', origin, anOrigin);
  return (port) => window?.postMessage(portRequest, origin, [port]);
}
