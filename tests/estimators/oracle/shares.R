# R survey's six intervals of a share. The likelihood interval thrice: as printed (a spline through some 10 points of
# the profile), by the same functions on a grid 40 times as fine, and solved for the profile's own loss.
# Run in this folder after designs.R: Rscript shares.R
suppressMessages({library(survey); library(jsonlite)})
people <- as.data.frame(fromJSON("designs.json")$people)
people <- people[!is.na(people$y), ]
designs <- list(independent = svydesign(~1, weights = ~w, data = people),
                strat_cluster = svydesign(~psu, strata = ~h, weights = ~w, data = people),
                domain = subset(svydesign(~psu, weights = ~w, data = people), dom == "v"))
kinds <- c("logit", "likelihood", "asin", "beta", "mean", "xlogit")
exact <- function(d, level) {
  m <- svyglm(five ~ 1, d, family = quasibinomial, control = glm.control(epsilon = 1e-14))
  p <- m$fitted.values[[1]]
  y <- m$y; w <- m$prior.weights
  lambda <- m$cov.unscaled[1, 1] / m$naive.cov[1, 1]
  cut <- qt((1 - level) / 2, degf(d))^2 * lambda
  loss <- function(q) 2 * sum(w * ifelse(y == 1, log(p / q), log((1 - p) / (1 - q)))) / summary(m)$dispersion[1] - cut
  c(uniroot(loss, c(1e-9, p), tol = 1e-14)$root, uniroot(loss, c(p, 1 - 1e-9), tol = 1e-14)$root)
}
fine <- function(d, level) {
  m <- svyglm(five ~ 1, d, family = quasibinomial, control = glm.control(epsilon = 1e-14))
  plogis(as.numeric(suppressMessages(
    confint(m, 1, level = level, method = "likelihood", ddf = degf(d), del = .005, maxsteps = 1e5))))
}
measure <- function(d) lapply(c(`0.95` = .95, `0.8` = .8), function(level) {
  made <- sapply(kinds, function(k) unname(attr(svyciprop(~five, d, method = k, level = level), "ci")), simplify = FALSE)
  made$likelihood_fine <- fine(d, level)
  made$likelihood_exact <- exact(d, level)
  made
})
base <- lapply(designs, function(d) {
  m <- svymean(~five, d)
  list(p = unname(coef(m)), se = c(SE(m)), df = degf(d), n = nrow(d))
})
out <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              date = as.character(Sys.Date()), script = "shares.R"),
            base = base, intervals = lapply(designs, measure))
write_json(out, "shares.json", digits = I(17), auto_unbox = TRUE, na = "null")
