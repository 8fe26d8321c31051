import type { ESLint } from 'eslint';

declare const rules: ESLint.Plugin;
export default rules;
