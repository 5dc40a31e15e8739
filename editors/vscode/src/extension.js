"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

function program() {
  return vscode.workspace.getConfiguration("tx").get("path", "tx");
}

function start() {
  const run = { command: program(), args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient("tx", "tx", { run, debug: run }, { documentSelector: [{ language: "tx" }] });
  return client.start();
}

// What the code lenses above operators and schedules call: the command line, in a terminal.
function inTerminal(verb, flags, asksSizes) {
  return async (uri, operator, schedule) => {
    const file = vscode.Uri.parse(uri).fsPath;
    const args = [verb, file, "--op", operator, ...(schedule ? ["--schedule", schedule] : []), ...flags];
    if (asksSizes) {
      const sizes = await vscode.window.showInputBox({ prompt: `The sizes of ${operator}; empty where it has none`, placeHolder: "M=1024,N=1024" });
      if (sizes === undefined) return;
      if (sizes.trim()) args.push("--shape", sizes.trim());
    }
    vscode.window.createTerminal({ name: `tx ${verb}`, shellPath: program(), shellArgs: args }).show(true);
  };
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("tx.steps", inTerminal("print", ["--steps"], false)),
    vscode.commands.registerCommand("tx.time", inTerminal("bench", [], true)),
    vscode.commands.registerCommand("tx.restart", async () => {
      await client?.stop();
      await start();
    }),
  );
  await start();
};

exports.deactivate = () => client?.stop();
