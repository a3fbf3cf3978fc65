//! Hostile templates: bombs, recursion, includes and attribute walks end in an error that names the line (rows 28 and
//! 29 of the project's table of bad inputs), and what honest templates do is allowed.

use glassbox_text::{ChatTemplate, Message, RenderOptions, TextError};

#[test]
fn row_28_hostile_templates() {
    let render = |source: &str| {
        ChatTemplate::new(source)?
            .render(&[Message::user("hi")], &RenderOptions::default())
            .map(|text| text.len())
    };
    let limited = [
        "\n{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "\n{% set ns = namespace(x='ha') %}{% for a in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "\n{{ 'x' * 90000000 }}",
        "\n{% for a in range(90000) %}{{ messages | tojson }}{% endfor %}",
    ];
    for source in limited {
        match render(source) {
            Err(TextError::TemplateLimit { line: 2, limit }) => assert!(limit >= 200_000),
            other => panic!("{source}: {other:?}"),
        }
    }
    let failing = [
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include 'x' %}",
        "{% include '<string>' %}",
        "{% import '/etc/passwd' as x %}",
        "{% extends 'x' %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ strftime_now('%d') }}",
        "{{ debug() }}",
        "{{ '{:>9999999999}'.format('x') }}",
        "{{ '%9999999999s' | format('x') }}",
        "{{ cycler(1, 2) }}",
        "{% block x %}{% endblock %}",
        "{{ messages | tojson(indent=99) }}",
        "{% for x in %}",
        "{{ unknown_function() }}",
    ];
    for source in failing {
        match render(source) {
            Err(TextError::Template { line, .. }) => assert_eq!(line, 1, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    // Lists that double by reference: sixty-four lines of nothing, and then 2^64 items to print, compare or join.
    let grow = |step: &str, end: &str| {
        format!(
            "{{% set ns = namespace(x=messages) %}}{{% for a in range(64) %}}{{% set ns.x = {step} %}}{{% endfor %}}{end}"
        )
    };
    let ends = [
        "{{ ns.x }}",
        "{{ ns.x ~ '' }}",
        "{{ ns.x == 3 }}",
        "{{ ns.x | join }}",
        "{{ {ns.x: 1} }}",
    ];
    let steps = [
        "ns.x + ns.x",
        "[ns.x, ns.x]",
        "(ns.x, ns.x)",
        "{'a': ns.x, 'b': ns.x}",
        "ns.x[:] + ns.x",
        "ns.x * 2",
        "(ns.x if a else ns.x) + ns.x",
        "ns.x | map(attribute='no', default=ns.x) | list",
        "ns.x | default(ns.x) + ns.x",
        "ns.x | list + ns.x | list",
        "dict(a=ns.x, b=ns.x)",
        "namespace(a=ns.x)",
        "ns",
        "[ns]",
        "loop.cycle(ns.x) + ns.x",
        "ns['x'] + ns['x']",
        "ns.get('x') + ns.get('x')",
        "ns.x | zip(ns.x) | list",
        "ns.x | batch(3, ns.x) | list",
        "(ns.x or ns.x) + ns.x",
        "ns.x + [ns.x]",
        "[1] * ns.x",
        "ns.x * 3 + ['a']",
        "(ns.x + ['a']) + (ns.x + ['b'])",
        "messages.copy() + ns.x",
        "(messages | first) + (messages | last)",
    ];
    for step in steps {
        for end in ends {
            let source = grow(step, end);
            assert!(
                matches!(render(&source), Err(TextError::Template { line: 1, .. })),
                "{source}: {:?}",
                render(&source)
            );
        }
    }
    let aliased = [
        "{% set x = messages %}{% for a in range(64) %}{% set x = x + x %}{% endfor %}{{ x }}",
        "{% set x, y = messages, messages %}{{ x + y }}",
        "{% macro f(x) %}{{ x + x }}{% endmacro %}{{ f(messages) }}",
        "{% macro f(x) %}{% endmacro %}{% set y = f.arguments %}{{ y + y }}",
        "{% for m in [messages] %}{{ m + m }}{% endfor %}",
        "{% for m in messages %}{{ m + m }}{% endfor %}",
        "{% with x = messages[0:] %}{{ x + x }}{% endwith %}",
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.b = b %}{% set b.a = a %}{{ a }}",
        "{% set n = namespace %}{% set a = n() %}{% set a.a = a %}{{ a }}",
        "{% set a = namespace() %}{{ a }}",
        "{% set w = messages.values() %}{{ w + w }}",
    ];
    for source in aliased {
        assert!(
            matches!(render(source), Err(TextError::Template { line: 1, .. })),
            "{source}: {:?}",
            render(source)
        );
    }
    // Chains that would overflow the stack of the engine.
    let chain = |start: &str, link: &str, end: &str| {
        format!("{start}{}{end}", link.repeat(100_000 / link.len()))
    };
    let chains = [
        chain("{{ a", "+a", " }}"),
        chain("{{ 1", "+1", " }}"),
        chain("{{ a", "~a", " }}"),
        chain("{{ a", "|e", " }}"),
        chain("{{ a", ".a", " }}"),
        chain("{{ ", "not ", "a }}"),
        chain("{{ ", "-", "a }}"),
        chain("{{ a", "[0]", " }}"),
        chain("{{ a", "()", " }}"),
        chain("{{ a", "**a", " }}"),
        chain("{{ a", " and a", " }}"),
        chain("{{ a", " if a else a", " }}"),
        chain("{{ a", " is a", " }}"),
        chain("{{ ", "(", ""),
        chain("{% if a %}", "{% elif a %}", "{% endif %}"),
        chain("", "{% if a %}", ""),
        chain("{{ ", "[", ""),
    ];
    for source in chains {
        assert!(
            matches!(render(&source), Err(TextError::Template { .. })),
            "{}",
            &source[..40]
        );
    }
    assert!(matches!(
        render(&"x".repeat(1 << 20)),
        Err(TextError::TooLarge { .. })
    ));
}

#[test]
fn row_29_raise_exception() {
    let template = ChatTemplate::new("\n\n{{ raise_exception('roles must alternate') }}").unwrap();
    match template.render(&[Message::user("hi")], &RenderOptions::default()) {
        Err(TextError::TemplateRaised { line: 3, message }) => {
            assert_eq!(message, "roles must alternate")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_real_templates_do_with_lists_is_allowed() {
    let sources = [
        (
            "{% set ns = namespace(c=[]) %}{% for m in messages %}{% set ns.c = ns.c + ['<' + m.role + '>'] %}{% endfor %}{{ ns.c | join }}",
            "<user>",
        ),
        (
            "{% macro f(depth) %}{{ '  ' * depth ~ 'x' }}{% endmacro %}{{ f(2) }}",
            "    x",
        ),
        (
            "{% set rest = messages[1:] %}{{ rest | length + 1 }}{{ messages | map(attribute='role') | list | length }}",
            "11",
        ),
        (
            "{% set a = messages[0]['content'] %}{% set b = a + messages[0].content | trim %}{{ b + a.split('i')[0] }}",
            "hihih",
        ),
        (
            "{% if messages[-1].role in ['user', 'tool'] %}{{ {'user': ['u', 1]}['user'][0] }}{% endif %}",
            "u",
        ),
        (
            "{% for r, c in messages[0] | items %}{{ r + '=' }}{% endfor %}",
            "content=role=",
        ),
    ];
    for (source, want) in sources {
        let template = ChatTemplate::new(source).unwrap();
        assert_eq!(
            template
                .render(&[Message::user("hi")], &RenderOptions::default())
                .unwrap(),
            want,
            "{source}"
        );
    }
}
