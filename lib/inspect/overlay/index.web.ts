/**
 * The inspector for routers in browsers: over the page that a router is in, or in another window,
 * through `postMessage`.
 *
 *     const overlay = await openInspector(router);
 *
 * @packageDocumentation
 */
export { answerInspectors, type AnswerOptions, type InspectorAnswers } from './answers.web.ts';
export { openInspector, type Overlay, type OverlayOptions } from './open.web.ts';
export type { InspectorLine, PagePort, PageWindow } from './port.web.ts';
export { windowLine } from './window-line.web.ts';
export type { InspectedRouter } from '../sample.ts';
export type { PortLike } from '../../../transports/message-port/index.ts';
