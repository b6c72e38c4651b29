/* What Node has of WebAssembly and its type declarations lack; the types come of `@types/emscripten`. */
declare namespace WebAssembly {
  class RuntimeError extends Error {}
  function compile(bytes: Uint8Array): Promise<Module>
  function instantiate(module: Module, imports: Imports): Promise<Instance>
}
