import { TestEnvironment } from 'jest-environment-node';
import vm from 'node:vm';

const { compileFunction, createContext } = vm;

const compiled = new Map<string, vm.Script>();

/**
 * Compiles each file of a package once per jest worker and not once per suite. A suite still runs it anew, in a global
 * and with state of its own.
 */
function compileOnce(
  source: string,
  parameters: readonly string[] = [],
  options: vm.CompileFunctionOptions = {},
): ReturnType<typeof compileFunction> {
  const { filename, parsingContext } = options;
  // What imports at run time is compiled for each suite: the callback that resolves it is the suite's.
  const shared = filename?.includes('/node_modules/') === true && !source.includes('import(');
  if (!shared || parsingContext === undefined) return compileFunction(source, parameters, options);
  let script = compiled.get(filename);
  if (script === undefined) {
    script = new vm.Script(`(function (${parameters.join(', ')}) {${source}\n})`, { filename });
    compiled.set(filename, script);
  }
  return script.runInContext(parsingContext) as ReturnType<typeof compileFunction>;
}

vm.compileFunction = compileOnce;

/**
 * Jest's environment for Node, but with a global object as V8 makes it. Jest wraps it in a proxy to empty it after the
 * suite, by which each `Math` or `Buffer` in a test costs 150 ns, a quarter of what some suites took.
 */
export default class PlainContext extends TestEnvironment {
  constructor(...settings: ConstructorParameters<typeof TestEnvironment>) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...settings);
    } finally {
      vm.createContext = createContext;
    }
  }
}
