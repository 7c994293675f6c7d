/** What the demo prints: numbered steps, lines under them, and a moving line while it waits on a terminal. */

export interface Screen {
  /** Begins a step: `3 scale to 3 instances`. */
  step(title: string): void;
  /** A fact under the step. */
  say(line: string): void;
  /** A command as a person would type it, and what it printed. */
  show(command: string, output: string): void;
  /** Runs `work`, showing what `progress` says meanwhile. */
  wait<T>(what: string, work: Promise<T>, progress?: () => string): Promise<T>;
}

export function createScreen(out: NodeJS.WriteStream): Screen {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  const bold = (text: string) => (out.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
  const dim = (text: string) => (out.isTTY ? `\u001b[2m${text}\u001b[0m` : text);
  let steps = 0;

  return {
    step(title) {
      steps += 1;
      out.write(`\n${dim(seconds())}  ${bold(`${String(steps)} ${title}`)}\n`);
    },
    say(line) {
      out.write(`         ${line}\n`);
    },
    show(command, output) {
      out.write(`         ${dim(`$ ${command}`)}\n`);
      for (const line of output.trimEnd().split('\n')) out.write(`         ${line}\n`);
    },
    async wait(what, work, progress) {
      const stop = moving(out, () => `${what}${progress ? `: ${progress()}` : ''}`);
      try {
        return await work;
      } finally {
        stop();
      }
    },
  };
}

/** A line that is rewritten in place on a terminal, and repeated only when it changes anywhere else. */
function moving(out: NodeJS.WriteStream, text: () => string): () => void {
  let last = '';
  const draw = () => {
    const now = text();
    if (out.isTTY) out.write(`\r\u001b[K         ${now} ...`);
    else if (now !== last) out.write(`         ${now} ...\n`);
    last = now;
  };
  draw();
  const timer = setInterval(draw, out.isTTY ? 200 : 2000);
  return () => {
    clearInterval(timer);
    if (out.isTTY) out.write('\r\u001b[K');
  };
}
