// Reads an exported interface out of a source file: its members, and what their comments say.
import { readFileSync } from "node:fs";
import ts from "typescript";

/** @returns {{name: string, comment: string, defaultText: string | undefined, members: string[]}[]} */
export function readInterface(path, interfaceName) {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const found = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === interfaceName,
  );
  if (found === undefined) throw new Error(`${path} has no interface ${interfaceName}.`);
  return found.members.map((member) => {
    const comment = (ts.getJSDocCommentsAndTags(member) ?? []).map(({ comment }) => comment ?? "").join(" ");
    return {
      name: ts.isStringLiteral(member.name) ? member.name.text : member.name.getText(),
      comment,
      defaultText: /Default: (.*?)\.?$/s.exec(comment)?.[1].replaceAll("`", ""),
      members: member.type !== undefined && ts.isTypeLiteralNode(member.type) ? namesIn(member.type) : [],
    };
  });
}

function namesIn(literal) {
  return literal.members.filter((member) => ts.isPropertySignature(member)).map((member) => member.name.getText());
}
