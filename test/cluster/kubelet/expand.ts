/**
 * `$(NAME)` in commands, arguments and variables: replaced where NAME is known, left as it stands where it is not;
 * `$$(NAME)` is the text `$(NAME)`.
 */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, rest: string, name: string | undefined) => {
    if (rest === '$') return '$';
    return variables[name ?? ''] ?? whole;
  });
}
