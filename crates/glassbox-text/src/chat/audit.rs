//! What a template may not do, decided before it runs.
//!
//! Fuel bounds the steps of a template and the text that it makes, but it is charged after the fact and by length, so
//! two kinds of bombs pass it: an expression so long that the engine's own recursion overflows the stack, and lists that
//! double by reference (`x = x + x`, `x = [x, x]`), which cost nothing until something prints, compares or joins them.
//! So tags are limited in length, and lists can't grow: a template may not add or repeat them, nor build a list, tuple
//! or map out of anything but text, numbers and flags. What was built by the caller it may slice, filter and walk freely.
//!
//! Whether a value can be a list is decided by name: `messages` is one, and so is every name or attribute to which
//! something that can be a list is assigned anywhere in the template.

use super::template::syntax;
use super::walk::{Node, namespace_call, value_of, walk};
use crate::error::TextError;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Filter, Stmt};
use minijinja::machinery::{Span, Token, parse, tokenize};
use minijinja::value::ValueKind;
use std::collections::HashSet;

/// Tokens in one tag; the longest in published templates have below 150.
const MAX_TAG_TOKENS: usize = 1_000;
/// `elif` in one template: the engine nests them.
const MAX_ELIF: usize = 250;
/// Rounds until no further name turns out to hold a list.
const MAX_ROUNDS: usize = 50;

const TEXT_FILTERS: [&str; 22] = [
    "trim",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "string",
    "join",
    "length",
    "count",
    "tojson",
    "int",
    "float",
    "abs",
    "round",
    "bool",
    "indent",
    "escape",
    "e",
    "safe",
    "urlencode",
    "wordcount",
];
const TEXT_METHODS: [&str; 22] = [
    "strip",
    "lstrip",
    "rstrip",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "join",
    "startswith",
    "endswith",
    "count",
    "find",
    "rfind",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
];

/// Refuses a template that could exhaust the stack or the memory.
pub(crate) fn audit(source: &str) -> Result<(), TextError> {
    check_lengths(source)?;
    // What does not parse is reported by the engine, with its own words.
    let Ok(Stmt::Template(root)) = parse(source, "<string>", syntax()) else {
        return Ok(());
    };
    let mut lists = Lists::default();
    lists
        .names
        .extend(["messages", "loop", "self", "caller"].map(str::to_owned));
    // Attributes of the engine's own objects that are not text.
    lists
        .attrs
        .extend(["arguments", "previtem", "nextitem"].map(str::to_owned));
    let mut rounds = 0;
    loop {
        let before = lists.size();
        walk(&root.children, &mut |node| lists.learn(&node));
        if lists.size() == before {
            break;
        }
        rounds += 1;
        if rounds > MAX_ROUNDS {
            return Err(refused(
                0,
                "its variables depend on one another in too many steps",
            ));
        }
    }
    let mut found = None;
    walk(&root.children, &mut |node| {
        if found.is_none() {
            found = lists.fault(&node);
        }
    });
    match found {
        Some((span, reason)) => Err(refused(span.start_line as usize, reason)),
        None => Ok(()),
    }
}

fn refused(line: usize, reason: &str) -> TextError {
    TextError::Template {
        line,
        reason: reason.to_owned(),
    }
}

fn check_lengths(source: &str) -> Result<(), TextError> {
    let (mut tokens, mut elifs) = (0, 0);
    for token in tokenize(source, false, syntax()) {
        // A lexical error is reported by the engine.
        let Ok((token, span)) = token else { break };
        tokens += 1;
        match token {
            Token::VariableStart | Token::BlockStart | Token::TemplateData(_) => tokens = 0,
            Token::Ident("elif") => elifs += 1,
            _ => {}
        }
        if tokens > MAX_TAG_TOKENS {
            return Err(refused(
                span.start_line as usize,
                "a tag has more than 1000 tokens",
            ));
        }
        if elifs > MAX_ELIF {
            return Err(refused(
                span.start_line as usize,
                "the template has more than 250 elif tags",
            ));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Lists {
    /// Names and attributes that can hold a list or a map.
    names: HashSet<String>,
    attrs: HashSet<String>,
    /// Names of namespaces: used for their attributes only, so that none can hold another or itself.
    namespaces: HashSet<String>,
    /// Macros give text.
    macros: HashSet<String>,
}

impl Lists {
    fn size(&self) -> usize {
        self.names.len() + self.attrs.len() + self.namespaces.len() + self.macros.len()
    }

    fn learn(&mut self, node: &Node<'_, '_>) {
        match node {
            Node::Assign {
                target: Expr::Var(name),
                value: Some(value),
            } if namespace_call(value).is_some() => {
                self.namespaces.insert(name.id.to_owned());
            }
            Node::Assign {
                target,
                value: Some(value),
            } if !self.is_text(value) => self.taint(target),
            Node::Loop { target, iter } if !self.yields_text(iter) => self.taint(target),
            Node::Macro { name, params } => {
                self.macros.insert((*name).to_owned());
                params.iter().for_each(|param| self.taint(param));
            }
            Node::Expr(expr) => {
                for arg in namespace_call(expr).map_or(&[][..], |call| &call.args) {
                    match arg {
                        CallArg::Kwarg(name, value) if !self.is_text(value) => {
                            self.attrs.insert((*name).to_owned());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn taint(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => {
                self.names.insert(name.id.to_owned());
            }
            Expr::GetAttr(attr) => {
                self.attrs.insert(attr.name.to_owned());
            }
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.taint(item)),
            Expr::List(list) => list.items.iter().for_each(|item| self.taint(item)),
            _ => {}
        }
    }

    /// Whether the value is text, a number, a flag or nothing: certainly no list or map.
    fn is_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Const(constant) => !is_container(constant.value.kind()),
            Expr::Var(name) => !self.names.contains(name.id) && !self.namespaces.contains(name.id),
            Expr::GetAttr(attr) => !self.attrs.contains(attr.name),
            Expr::GetItem(item) => match &item.subscript_expr {
                Expr::Const(key) if key.value.as_str().is_some() => {
                    !self.attrs.contains(key.value.as_str().unwrap_or_default())
                }
                _ => self.yields_text(&item.expr),
            },
            Expr::Slice(slice) => self.is_text(&slice.expr),
            Expr::BinOp(op) => match op.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => self.is_text(&op.left) && self.is_text(&op.right),
                BinOpKind::Add | BinOpKind::Mul => {
                    (self.is_text(&op.left) && self.is_text(&op.right)) || self.is_made_text(expr)
                }
                // The other operators know no lists.
                _ => true,
            },
            Expr::UnaryOp(_) | Expr::Compare(_) | Expr::Test(_) => true,
            Expr::IfExpr(choice) => {
                self.is_text(&choice.true_expr) && choice.false_expr.as_ref().is_none_or(|e| self.is_text(e))
            }
            Expr::Filter(filter) => {
                let passes_on = matches!(filter.name, "default" | "d")
                    && filter.expr.as_ref().is_some_and(|e| self.is_text(e))
                    && filter.args.iter().all(|arg| self.is_text(value_of(arg)));
                passes_on || self.is_made_text(expr) || self.is_item(filter)
            }
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) if method.name == "get" => call.args.iter().all(|arg| {
                    let value = value_of(arg);
                    let tainted = matches!(value, Expr::Const(c) if c.value.as_str().is_some_and(|k| self.attrs.contains(k)));
                    self.is_text(value) && !tainted
                }),
                _ => self.is_made_text(expr),
            },
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => false,
        }
    }

    /// `first` and `last` of something whose items are text.
    fn is_item(&self, filter: &Filter<'_>) -> bool {
        matches!(filter.name, "first" | "last")
            && filter.expr.as_ref().is_some_and(|e| self.yields_text(e))
    }

    /// Whether the expression *makes* text or a number, whatever it is given: adding a list to it is an error.
    fn is_made_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Const(constant) => !is_container(constant.value.kind()),
            Expr::BinOp(op) => match op.op {
                BinOpKind::Add => self.is_made_text(&op.left) || self.is_made_text(&op.right),
                BinOpKind::Mul => is_literal_text(&op.left) || is_literal_text(&op.right),
                BinOpKind::ScAnd | BinOpKind::ScOr => false,
                _ => true,
            },
            Expr::Filter(filter) => TEXT_FILTERS.contains(&filter.name),
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) => TEXT_METHODS.contains(&method.name),
                Expr::Var(name) => self.macros.contains(name.id) || name.id == "caller",
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the items of the value are text: the characters of a text, the parts of a split, a range.
    fn yields_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) => {
                    matches!(method.name, "split" | "splitlines") || self.is_text(expr)
                }
                Expr::Var(name) => name.id == "range" || self.is_text(expr),
                _ => false,
            },
            Expr::Filter(filter) if matches!(filter.name, "split" | "lines") => true,
            Expr::List(list) => list.items.iter().all(|item| self.is_text(item)),
            Expr::Tuple(tuple) => tuple.items.iter().all(|item| self.is_text(item)),
            Expr::Slice(slice) => self.yields_text(&slice.expr),
            Expr::Const(_) => self.is_text(expr),
            _ => self.is_text(expr),
        }
    }

    fn fault(&self, node: &Node<'_, '_>) -> Option<(Span, &'static str)> {
        const BUILDS: &str = "it builds a list or map out of something that may be a list or map";
        let expr = match node {
            Node::Expr(expr) => *expr,
            Node::Forbidden(span, reason) => return Some((*span, reason)),
            _ => return None,
        };
        let fault = match expr {
            Expr::Var(name) if self.namespaces.contains(name.id) || name.id == "namespace" => {
                "a namespace is used other than for its attributes"
            }
            Expr::BinOp(op) => {
                // To append what stands there in full makes a list longer by a fixed number of texts: it can't double.
                let appends = [&op.left, &op.right]
                    .iter()
                    .any(|e| matches!(e, Expr::List(_)) && self.is_fixed(e));
                match op.op {
                    BinOpKind::Add if !appends && !self.is_text(expr) => {
                        "it adds what may be lists"
                    }
                    BinOpKind::Mul if !self.is_text(expr) => "it multiplies what may be a list",
                    _ => return None,
                }
            }
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) if !self.is_fixed(expr) => BUILDS,
            Expr::Filter(filter) if !filter.args.iter().all(|arg| self.is_fixed(value_of(arg))) => {
                "it gives a filter what may be a list"
            }
            Expr::Test(test) if !test.args.iter().all(|arg| self.is_fixed(value_of(arg))) => {
                "it gives a test what may be a list"
            }
            _ => return None,
        };
        Some((expr.span(), fault))
    }

    /// Text, or a list that stands there in full, of text and of such lists: as large as its source, and no larger.
    fn is_fixed(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::List(list) => list.items.iter().all(|item| self.is_fixed(item)),
            Expr::Tuple(tuple) => tuple.items.iter().all(|item| self.is_fixed(item)),
            Expr::Map(map) => {
                map.keys.iter().all(|key| self.is_text(key))
                    && map.values.iter().all(|value| self.is_fixed(value))
            }
            _ => self.is_text(expr),
        }
    }
}

/// A string that stands there: to multiply it with a list is an error.
fn is_literal_text(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::Const(constant) if constant.value.as_str().is_some())
}

fn is_container(kind: ValueKind) -> bool {
    matches!(
        kind,
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain
    )
}
