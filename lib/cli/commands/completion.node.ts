import type { Command } from '../command.node.ts';
import { commonOptions } from '../parse.node.ts';
import { print } from '../terminal.node.ts';
import { UsageError } from '../usage-error.ts';

/** `rxmesh completion`: for the shell. */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'prints what a shell needs to complete commands and options: bash, zsh or fish',
    positionals: ['<shell>'],
    options: {},
    notes: [],
    examples: [
      'rxmesh completion bash >> ~/.bashrc',
      'rxmesh completion zsh >> ~/.zshrc',
      'rxmesh completion fish > ~/.config/fish/completions/rxmesh.fish',
    ],
    async run({ positionals: [shell = ''] }, terminal) {
      const scripts: Readonly<Record<string, (all: readonly Command[]) => string>> = {
        bash,
        zsh: (all) => `autoload -U +X bashcompinit && bashcompinit\n${bash(all)}`,
        fish,
      };
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined) throw new UsageError('<shell> must be bash, zsh or fish');
      await print(terminal, script(commands()));
    },
  };
}

const optionsOf = ({ options }: Command): readonly string[] =>
  Object.keys({ ...options, ...commonOptions }).map((name) => `--${name}`);

function bash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(
    (command) => `    ${command.name}) words='${optionsOf(command).join(' ')}' ;;`,
  );
  return [
    '_rxmesh() {',
    `  local words='${names} --help --version'`,
    '  if [ "$COMP_CWORD" -gt 1 ]; then',
    '    case "${COMP_WORDS[1]}" in',
    ...cases.map((line) => `  ${line}`),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -o default -F _rxmesh rxmesh',
    '',
  ].join('\n');
}

function fish(commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c rxmesh -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...Object.entries({ ...options, ...commonOptions }).map(
      ([option, { text }]) =>
        `complete -c rxmesh -n '__fish_seen_subcommand_from ${name}' -l ${option} -d ${quoted(text)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
