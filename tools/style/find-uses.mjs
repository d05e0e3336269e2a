// Where a source file uses a name: calls, reads and constructions, never comments or texts.
import ts from "typescript";

/**
 * @param {readonly string[]} names `console` finds `console.log`, too; `sleep()` and `new Date()` find only those forms.
 * @returns {{name: string, line: number}[]}
 */
export function findUses(path, text, names) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const wanted = new Set(names);
  const found = [];
  const visit = (node) => {
    const name = [nameOf(node), callOf(node)].find((each) => wanted.has(each));
    if (name !== undefined) {
      found.push({ name, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node) {
  if (ts.isPropertyAccessExpression(node))
    return node.getText().replace(/\?\.|\s+/g, (part) => (part === "?." ? "." : ""));
  if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0) return `new ${node.expression.getText()}()`;
  return ts.isIdentifier(node) && isUse(node) ? node.text : undefined;
}

function callOf(node) {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? `${node.expression.text}()` : undefined;
}

/** An identifier that reads a variable: not the name of a member, a parameter, a property or a type. */
function isUse(identifier) {
  const { parent } = identifier;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === identifier;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === identifier;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return true;
  if (ts.isImportSpecifier(parent)) return true;
  return parent.name !== identifier && !ts.isTypeNode(parent);
}
