use crate::tidy::finding::Finding;
use crate::tidy::rust_code::code_only;
use crate::tidy::tree::Tree;

/// How many lines above an `unsafe` its comment may start: a long comment, or an attribute or the
/// start of an expression in between.
const NEAR: usize = 10;

/// Each `unsafe` block and `unsafe impl` has a `SAFETY:` comment near. Clippy asks the same, but
/// only of code that is compiled: not of another architecture's, nor inside a macro.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let lines: Vec<&str> = text.lines().collect();
        for line in unsafe_lines(&code_only(text)) {
            let first = line.saturating_sub(NEAR);
            let near = &lines[first..=line.min(lines.len() - 1)];
            if !near.iter().any(|text| text.contains("SAFETY:")) {
                let message = "`unsafe` without a `// SAFETY:` comment above it";
                findings.push(Finding::new(path, line + 1, message));
            }
        }
    }
    findings
}

/// The lines, from 0, where an unsafe block or implementation starts.
fn unsafe_lines(code: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("unsafe") {
        let before = code[..at].chars().next_back();
        let after = &code[at + "unsafe".len()..];
        let alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let next = after.trim_start();
        let is_impl = after.starts_with(char::is_whitespace) && next.starts_with("impl");
        if alone && (next.starts_with('{') || is_impl) {
            found.push(code[..at].matches('\n').count());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    fn check_text(text: &str) -> Vec<String> {
        shown(&check(&Tree::of(&[("a.rs", text)])))
    }

    #[test]
    fn a_block_or_impl_without_a_comment_is_found() {
        let message = "`unsafe` without a `// SAFETY:` comment above it";
        let block = check_text("fn f() {\n    unsafe { g() }\n}\n");
        assert_eq!(block, [format!("a.rs:2: {message}")]);
        let found = check_text("unsafe impl Send for X {}\n");
        assert_eq!(found, [format!("a.rs:1: {message}")]);
        let far = format!("// SAFETY: no.\n{}unsafe {{ g() }}\n", "x;\n".repeat(NEAR));
        assert_eq!(check_text(&far).len(), 1);
    }

    #[test]
    fn a_comment_near_is_enough_and_a_declaration_needs_none() {
        assert!(check_text("// SAFETY: checked.\nunsafe { g() }\n").is_empty());
        assert!(check_text("let x =\n// SAFETY: so.\n#[a]\nunsafe { g() };\n").is_empty());
        assert!(check_text("type F = unsafe fn(u8);\n#[allow(unsafe_code)]\n").is_empty());
    }
}
