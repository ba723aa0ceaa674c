/// The version of Apus, as `-version` and QMP say it.
package let apusVersion = "0.1.0"
