/** Entry points that need Node, as paths below the package's name. No browser's bundle has them. */
export const nodeOnly = ['transports/comet', 'testing/tcp'];
