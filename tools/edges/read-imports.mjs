// Which modules one source file names: static, dynamic, re-exported, and in types.
import ts from "typescript";

/** @returns {{specifier: string, line: number, typeOnly: boolean}[]} */
export function readImports(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const found = [];
  const add = (literal, typeOnly) => {
    const { line } = source.getLineAndCharacterOfPosition(literal.getStart());
    found.push({ specifier: literal.text, line: line + 1, typeOnly });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly === true || onlyTypes(node.importClause?.namedBindings));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && namesModule(node)) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `import { type A, type B } from "x"` loads nothing that matters to a cycle. */
function onlyTypes(bindings) {
  return (
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
}

/** `import("x")`, `require("x")`, `require.resolve("x")`, `process.getBuiltinModule("x")`. */
function namesModule(call) {
  const [first] = call.arguments;
  if (first === undefined || !ts.isStringLiteralLike(first)) return false;
  if (call.expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  return /^(require|require\.resolve|process\.getBuiltinModule)$/.test(call.expression.getText());
}
